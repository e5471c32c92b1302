//+------------------------------------------------------------------+
//| Sends every tick, position and deal to Tapedeck's HTTP ingest.   |
//|                                                                  |
//| The messages are those of docs/feeds/mt5-protocol.md, one per    |
//| line. Nothing is buffered here: the terminal keeps the ticks,    |
//| and what was not accepted (202) is sent again, with the same     |
//| idempotency key. Not compiled and not tried: see docs/feeds/mt5. |
//+------------------------------------------------------------------+
#property copyright "Tapedeck"
#property version   "1.00"
#property strict

input string InpUrl      = "http://127.0.0.1:8080/api/v1/ingest/mt5"; // Tapedeck's ingest; allow it for WebRequest
input string InpToken    = "";                                       // Tapedeck's token with the role write
input string InpSymbols  = "";                                       // Symbols with commas; empty: the chart's
input int    InpHistoryS = 0;                                        // Seconds before now at the very first start
input int    InpPeriodMs = 200;                                      // Pause between looks
input int    InpTicksMax = 2000;                                     // Ticks per request and symbol

// One symbol: the last tick accepted, in UTC, and its place in its millisecond.
struct Cursor
{
   string symbol;
   long   utc_ms;
   int    place;
};

// What a client knows of a position.
struct Known
{
   ulong  ticket;
   long   update_ms;
   double volume;
   double sl;
   double tp;
   string symbol;
};

Cursor g_cursors[];
Known  g_positions[];
long   g_deals_ms = 0;      // UTC of the last deal accepted
ulong  g_deal_tickets[];    // deals accepted within the hour before it
ulong  g_sequence = 0;
string g_pending = "";      // lines that were not accepted yet, and their key
string g_pending_key = "";
datetime g_wait_until = 0;
int    g_wait_s = 1;

const string STATE_FILE = "TapedeckBridge.state";

//--- Time

// How far the broker's clock is ahead of UTC, in seconds: a whole number of quarter hours.
long OffsetSeconds()
{
   double difference = (double)(TimeTradeServer() - TimeGMT());
   return (long)MathRound(difference / 900.0) * 900;
}

//--- Text

string Quoted(string text)
{
   StringReplace(text, "\\", "\\\\");
   StringReplace(text, "\"", "\\\"");
   for(int code = 0; code < 32; code++)
      StringReplace(text, ShortToString((ushort)code), " ");
   return "\"" + text + "\"";
}

string Decimal(double value, int digits)
{
   return DoubleToString(value, digits);
}

//--- Ticks

// Adds the line of one symbol's new ticks; moves `next` behind them. Returns true where there were some.
bool AddTicks(Cursor &next, string &lines, long offset_s)
{
   MqlTick ticks[];
   long broker_ms = next.utc_ms + offset_s * 1000;
   // From the start of the millisecond of the last tick: its place among its like tells where to go on.
   int count = CopyTicks(next.symbol, ticks, COPY_TICKS_ALL, (ulong)broker_ms, InpTicksMax);
   if(count <= 0)
      return false;
   int end = count;
   if(count == InpTicksMax)
   {
      // The last millisecond may be cut.
      while(end > 0 && ticks[end - 1].time_msc == ticks[count - 1].time_msc)
         end--;
      if(end == 0)
      {
         Print("more than ", InpTicksMax, " ticks of ", next.symbol, " in one millisecond: raise InpTicksMax");
         return false;
      }
   }
   int digits = (int)SymbolInfoInteger(next.symbol, SYMBOL_DIGITS);
   string rows = "";
   int place = -1;
   for(int index = 0; index < end; index++)
   {
      place = index > 0 && ticks[index].time_msc == ticks[index - 1].time_msc ? place + 1 : 0;
      long time_ms = ticks[index].time_msc;
      if(time_ms < broker_ms || (time_ms == broker_ms && place <= next.place))
         continue;
      rows += (rows == "" ? "[" : ",[") + IntegerToString(time_ms) + "," + IntegerToString(place) + ","
              + Decimal(ticks[index].bid, digits) + "," + Decimal(ticks[index].ask, digits) + ","
              + Decimal(ticks[index].last, digits) + "," + Decimal(ticks[index].volume_real, 8) + ","
              + IntegerToString((long)ticks[index].flags) + "]";
   }
   if(rows == "")
      return false;
   next.utc_ms = ticks[end - 1].time_msc - offset_s * 1000;
   next.place = place;
   lines += "{\"type\":\"ticks\",\"seq\":" + IntegerToString((long)++g_sequence) + ",\"symbol\":" + Quoted(next.symbol)
            + ",\"offset_s\":" + IntegerToString(offset_s) + ",\"ticks\":[" + rows + "]}\n";
   return true;
}

//--- Positions and deals

string PositionRow(string change, Known &position, long event_ms, long offset_s)
{
   string row = "{\"change\":\"" + change + "\",\"ticket\":" + IntegerToString((long)position.ticket)
                + ",\"symbol\":" + Quoted(position.symbol) + ",\"event_msc\":" + IntegerToString(event_ms)
                + ",\"event_utc_msc\":" + IntegerToString(event_ms - offset_s * 1000)
                + ",\"offset_s\":" + IntegerToString(offset_s) + ",\"volume\":" + Decimal(position.volume, 8)
                + ",\"sl\":" + Decimal(position.sl, 8) + ",\"tp\":" + Decimal(position.tp, 8);
   if(change != "closed" && PositionSelectByTicket(position.ticket))
   {
      long opened = PositionGetInteger(POSITION_TIME_MSC);
      row += ",\"time_msc\":" + IntegerToString(opened) + ",\"open_utc_msc\":" + IntegerToString(opened - offset_s * 1000)
             + ",\"time_update_msc\":" + IntegerToString(position.update_ms)
             + ",\"type\":" + IntegerToString(PositionGetInteger(POSITION_TYPE))
             + ",\"magic\":" + IntegerToString(PositionGetInteger(POSITION_MAGIC))
             + ",\"identifier\":" + IntegerToString(PositionGetInteger(POSITION_IDENTIFIER))
             + ",\"price_open\":" + Decimal(PositionGetDouble(POSITION_PRICE_OPEN), 8)
             + ",\"price_current\":" + Decimal(PositionGetDouble(POSITION_PRICE_CURRENT), 8)
             + ",\"swap\":" + Decimal(PositionGetDouble(POSITION_SWAP), 2)
             + ",\"profit\":" + Decimal(PositionGetDouble(POSITION_PROFIT), 2)
             + ",\"comment\":" + Quoted(PositionGetString(POSITION_COMMENT));
   }
   return row + "}";
}

// Adds positions that opened, changed or closed; `next` becomes those that are open.
string PositionRows(Known &next[], long offset_s)
{
   string rows = "";
   long now_ms = (long)TimeTradeServer() * 1000;
   ArrayResize(next, PositionsTotal());
   int open = 0;
   for(int index = 0; index < ArraySize(next); index++)
   {
      ulong ticket = PositionGetTicket(index);
      if(ticket == 0)
         continue;
      Known position;
      position.ticket = ticket;
      position.update_ms = PositionGetInteger(POSITION_TIME_UPDATE_MSC);
      position.volume = PositionGetDouble(POSITION_VOLUME);
      position.sl = PositionGetDouble(POSITION_SL);
      position.tp = PositionGetDouble(POSITION_TP);
      position.symbol = PositionGetString(POSITION_SYMBOL);
      next[open++] = position;
      string change = "opened";
      for(int known = 0; known < ArraySize(g_positions); known++)
         if(g_positions[known].ticket == ticket)
            change = g_positions[known].update_ms == position.update_ms && g_positions[known].volume == position.volume
                     && g_positions[known].sl == position.sl && g_positions[known].tp == position.tp ? "" : "updated";
      if(change != "")
         rows += (rows == "" ? "" : ",") + PositionRow(change, position, position.update_ms, offset_s);
   }
   ArrayResize(next, open);
   for(int known = 0; known < ArraySize(g_positions); known++)
   {
      bool is_open = false;
      for(int index = 0; index < open; index++)
         is_open = is_open || next[index].ticket == g_positions[known].ticket;
      if(!is_open)
         rows += (rows == "" ? "" : ",") + PositionRow("closed", g_positions[known], now_ms, offset_s);
   }
   return rows;
}

// Adds deals that were not accepted yet; `last_ms` and `tickets` become what is known with them.
string DealRows(long &last_ms, ulong &tickets[], long offset_s)
{
   string rows = "";
   ArrayCopy(tickets, g_deal_tickets);
   ArrayResize(tickets, ArraySize(g_deal_tickets));
   datetime from = (datetime)(g_deals_ms / 1000 - 3600 + offset_s);
   if(!HistorySelect(from, TimeTradeServer() + 86400))
      return rows;
   for(int index = 0; index < HistoryDealsTotal(); index++)
   {
      ulong ticket = HistoryDealGetTicket(index);
      bool is_known = ticket == 0;
      for(int known = 0; known < ArraySize(tickets) && !is_known; known++)
         is_known = tickets[known] == ticket;
      if(is_known)
         continue;
      long time_ms = HistoryDealGetInteger(ticket, DEAL_TIME_MSC);
      long utc_ms = time_ms - offset_s * 1000;
      if(utc_ms < g_deals_ms - 3600000)
         continue;
      last_ms = MathMax(last_ms, utc_ms);
      int size = ArraySize(tickets);
      ArrayResize(tickets, size + 1);
      tickets[size] = ticket;
      rows += (rows == "" ? "" : ",") + "{\"ticket\":" + IntegerToString((long)ticket)
              + ",\"order\":" + IntegerToString(HistoryDealGetInteger(ticket, DEAL_ORDER))
              + ",\"time_msc\":" + IntegerToString(time_ms) + ",\"utc_msc\":" + IntegerToString(utc_ms)
              + ",\"offset_s\":" + IntegerToString(offset_s)
              + ",\"type\":" + IntegerToString(HistoryDealGetInteger(ticket, DEAL_TYPE))
              + ",\"entry\":" + IntegerToString(HistoryDealGetInteger(ticket, DEAL_ENTRY))
              + ",\"magic\":" + IntegerToString(HistoryDealGetInteger(ticket, DEAL_MAGIC))
              + ",\"position_id\":" + IntegerToString(HistoryDealGetInteger(ticket, DEAL_POSITION_ID))
              + ",\"reason\":" + IntegerToString(HistoryDealGetInteger(ticket, DEAL_REASON))
              + ",\"volume\":" + Decimal(HistoryDealGetDouble(ticket, DEAL_VOLUME), 8)
              + ",\"price\":" + Decimal(HistoryDealGetDouble(ticket, DEAL_PRICE), 8)
              + ",\"commission\":" + Decimal(HistoryDealGetDouble(ticket, DEAL_COMMISSION), 2)
              + ",\"swap\":" + Decimal(HistoryDealGetDouble(ticket, DEAL_SWAP), 2)
              + ",\"profit\":" + Decimal(HistoryDealGetDouble(ticket, DEAL_PROFIT), 2)
              + ",\"fee\":" + Decimal(HistoryDealGetDouble(ticket, DEAL_FEE), 2)
              + ",\"symbol\":" + Quoted(HistoryDealGetString(ticket, DEAL_SYMBOL))
              + ",\"comment\":" + Quoted(HistoryDealGetString(ticket, DEAL_COMMENT)) + "}";
   }
   return rows;
}

//--- Sending

// True where Tapedeck has the lines on disk.
bool Post(string lines, string key)
{
   uchar body[], answer[];
   string headers = "Content-Type: application/x-ndjson\r\nIdempotency-Key: " + key + "\r\n", answer_headers;
   if(InpToken != "")
      headers += "Authorization: Bearer " + InpToken + "\r\n";
   int size = StringToCharArray(lines, body, 0, WHOLE_ARRAY, CP_UTF8);
   ArrayResize(body, size - 1); // without the zero at its end
   ResetLastError();
   int status = WebRequest("POST", InpUrl, headers, 10000, body, answer, answer_headers);
   if(status == 202 || status == 200)
      return true;
   if(status == -1)
      Print("WebRequest failed with error ", GetLastError(), "; is ", InpUrl, " in the list of allowed URLs?");
   else
      Print("Tapedeck answers ", status, ": ", CharArrayToString(answer, 0, 300, CP_UTF8));
   return false;
}

// What is accepted once the pending lines are.
Cursor g_next_cursors[];
Known  g_next_positions[];
long   g_next_deals_ms = 0;
ulong  g_next_deal_tickets[];

void Collect()
{
   long offset_s = OffsetSeconds();
   string lines = "";
   ArrayResize(g_next_cursors, ArraySize(g_cursors));
   for(int index = 0; index < ArraySize(g_cursors); index++)
   {
      g_next_cursors[index] = g_cursors[index];
      AddTicks(g_next_cursors[index], lines, offset_s);
   }
   g_next_deals_ms = g_deals_ms;
   string positions = PositionRows(g_next_positions, offset_s);
   string deals = DealRows(g_next_deals_ms, g_next_deal_tickets, offset_s);
   if(positions != "" || deals != "")
      lines += "{\"type\":\"account\",\"seq\":" + IntegerToString((long)++g_sequence)
               + ",\"account\":"
               + Quoted(IntegerToString(AccountInfoInteger(ACCOUNT_LOGIN)) + "@" + AccountInfoString(ACCOUNT_SERVER))
               + ",\"currency\":" + Quoted(AccountInfoString(ACCOUNT_CURRENCY))
               + ",\"positions\":[" + positions + "],\"deals\":[" + deals + "]}\n";
   if(lines == "")
      return;
   g_pending = lines;
   g_pending_key = "mt5-" + IntegerToString(AccountInfoInteger(ACCOUNT_LOGIN)) + "-"
                   + IntegerToString((long)GetMicrosecondCount()) + "-" + IntegerToString((long)TimeGMT());
}

void Accept()
{
   for(int index = 0; index < ArraySize(g_cursors); index++)
      g_cursors[index] = g_next_cursors[index];
   ArrayResize(g_positions, ArraySize(g_next_positions));
   for(int index = 0; index < ArraySize(g_next_positions); index++)
      g_positions[index] = g_next_positions[index];
   g_deals_ms = g_next_deals_ms;
   ArrayResize(g_deal_tickets, ArraySize(g_next_deal_tickets));
   ArrayCopy(g_deal_tickets, g_next_deal_tickets);
   g_pending = "";
   SaveState();
}

void OnTimer()
{
   if(TimeLocal() < g_wait_until)
      return;
   if(g_pending == "")
      Collect();
   if(g_pending == "")
      return;
   if(Post(g_pending, g_pending_key))
   {
      g_wait_s = 1;
      Accept();
      return;
   }
   g_wait_until = TimeLocal() + g_wait_s;
   g_wait_s = MathMin(g_wait_s * 2, 60);
}

//--- State

void SaveState()
{
   int file = FileOpen(STATE_FILE + ".unfinished", FILE_WRITE | FILE_TXT | FILE_ANSI);
   if(file == INVALID_HANDLE)
      return;
   for(int index = 0; index < ArraySize(g_cursors); index++)
      FileWriteString(file, "tick\t" + g_cursors[index].symbol + "\t" + IntegerToString(g_cursors[index].utc_ms) + "\t"
                      + IntegerToString(g_cursors[index].place) + "\n");
   FileWriteString(file, "deals\t" + IntegerToString(g_deals_ms) + "\n");
   FileClose(file);
   FileMove(STATE_FILE + ".unfinished", 0, STATE_FILE, FILE_REWRITE);
}

// Where to begin: behind what was accepted, else some time before now. Positions and the deals of the last hour are sent
// again after a start; Tapedeck drops what it has.
void LoadState()
{
   long start_ms = ((long)TimeGMT() - InpHistoryS) * 1000;
   g_deals_ms = start_ms;
   for(int index = 0; index < ArraySize(g_cursors); index++)
   {
      g_cursors[index].utc_ms = start_ms;
      g_cursors[index].place = -1;
   }
   int file = FileOpen(STATE_FILE, FILE_READ | FILE_TXT | FILE_ANSI);
   if(file == INVALID_HANDLE)
      return;
   while(!FileIsEnding(file))
   {
      string parts[];
      int count = StringSplit(FileReadString(file), '\t', parts);
      if(count == 2 && parts[0] == "deals")
         g_deals_ms = StringToInteger(parts[1]);
      for(int index = 0; count == 4 && index < ArraySize(g_cursors); index++)
         if(parts[0] == "tick" && g_cursors[index].symbol == parts[1])
         {
            g_cursors[index].utc_ms = StringToInteger(parts[2]);
            g_cursors[index].place = (int)StringToInteger(parts[3]);
         }
   }
   FileClose(file);
}

int OnInit()
{
   string symbols[];
   if(InpSymbols == "")
   {
      ArrayResize(symbols, 1);
      symbols[0] = _Symbol;
   }
   else
      StringSplit(InpSymbols, ',', symbols);
   ArrayResize(g_cursors, ArraySize(symbols));
   for(int index = 0; index < ArraySize(symbols); index++)
   {
      StringTrimLeft(symbols[index]);
      StringTrimRight(symbols[index]);
      if(!SymbolSelect(symbols[index], true))
      {
         Print("the broker does not have ", symbols[index]);
         return INIT_PARAMETERS_INCORRECT;
      }
      g_cursors[index].symbol = symbols[index];
   }
   LoadState();
   return EventSetMillisecondTimer(InpPeriodMs) ? INIT_SUCCEEDED : INIT_FAILED;
}

void OnDeinit(const int reason)
{
   EventKillTimer();
}
